"""An authoritative name server on loopback for zones as they are or would be."""
