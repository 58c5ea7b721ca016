"""A study's records and results as one archive, described for machines that find and check data."""
