"""What training can minimise, one loss per file."""
