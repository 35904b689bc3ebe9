"""Work of hours: sweeps of millions of cases, part by part, in processes of this machine or of a cluster."""
