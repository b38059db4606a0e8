"""The bucket, the distribution and the files of a site."""
