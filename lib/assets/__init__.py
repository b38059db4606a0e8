"""Files that a deployment uploads: Lambda archives and the files of a site."""
