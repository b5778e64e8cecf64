"""What evidence has to show before DMARC is tightened, and whether it does."""
