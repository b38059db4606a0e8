"""Static web pages: the bucket, the CloudFront distribution and the files of a site."""
