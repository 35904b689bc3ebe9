"""What work takes, whatever it is about: what it costs, when it must end, and what of it is kept between processes."""
