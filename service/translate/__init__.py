"""Between HTTP and the model: requests become questions, answers become bodies and rows."""
