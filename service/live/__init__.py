"""What is served now and how it changes: the folder of models watched, and what is served kept in the store."""
