"""What devices ask and are told, as values: topics, requests, the fleet as seen. No I/O, no clock."""
