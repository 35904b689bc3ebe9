"""HTTP for any service of ours: operations, addresses, validation, problem documents, caching, encodings."""
