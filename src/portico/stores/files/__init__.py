"""A repository that is a directory: reading it, changing it safely, noticing what others do there."""
