-- What came before repeats, switches, escalations, transfers and failures on the newest day, the worst first.
SELECT day, event, dimension, cause, count, exposed, base_rate, expected, lift, excess, significant, minutes, customers
FROM v_root_causes
WHERE day = (SELECT max(day) FROM v_root_causes)
ORDER BY significant DESC, rank, event
LIMIT 60
