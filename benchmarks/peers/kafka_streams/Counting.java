import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The counting job (benchmarks/README.md) in Kafka Streams: RocksDB store, changelog, write cache, all else default. */
public final class Counting {
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Event(String customer) {}

    record Count(String customer, long count) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader EVENT = JSON.readerFor(Event.class);
    private static final ObjectWriter COUNT = JSON.writerFor(Count.class);

    static final class Counter implements FixedKeyProcessor<String, byte[], byte[]> {
        private FixedKeyProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Long> counts;

        @Override
        public void init(FixedKeyProcessorContext<String, byte[]> context) {
            this.context = context;
            this.counts = context.getStateStore("counts");
        }

        @Override
        public void process(FixedKeyRecord<String, byte[]> record) {
            try {
                Event event = EVENT.readValue(record.value());
                Long before = counts.get(event.customer());
                long count = before == null ? 1 : before + 1;
                counts.put(event.customer(), count);
                context.forward(record.withValue(COUNT.writeValueAsBytes(new Count(event.customer(), count))));
            } catch (JsonProcessingException error) {
                throw new UncheckedIOException(error);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    public static void main(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("counts"), Serdes.String(), Serdes.Long())
                        .withCachingEnabled());
        builder.stream(options.get("--input"), Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .processValues(Counter::new, "counts")
                .to(options.get("--output"), Produced.with(Serdes.String(), Serdes.ByteArray()));

        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, options.get("--app-id"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("--bootstrap"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, options.get("--data"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.get("--threads"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, options.get("--guarantee"));
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(5))));
        streams.start();
    }
}
