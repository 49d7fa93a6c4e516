"""Records in one DynamoDB table; the active stage of a group of one rides on its run's item."""
