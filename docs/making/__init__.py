"""`make docs` and `make reference`."""
