"""Update schedules: which patterns make an update, one schedule per file."""
