"""Training in rented slots of minutes: what a slot leaves goes on in the next."""
