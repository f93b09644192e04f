"""Which type or function reads each recorded payload and each example of the exchange's documents, by product."""
