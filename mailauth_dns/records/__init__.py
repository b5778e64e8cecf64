"""Mail-authentication records: RFC text to frozen values and back."""
