"""Names of older clients, as thin layers over the library, so that old programs run on."""
