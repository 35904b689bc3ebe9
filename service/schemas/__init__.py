"""The shapes of requests and answers: what is checked on the way in, and what is declared and sent on the way out."""
