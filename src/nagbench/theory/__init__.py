"""Problems whose answers are known: the catalogue's own classes against what is proven of them."""
