output "arn" {
  description = "ARN of the distribution."
  value       = aws_cloudfront_distribution.this.arn
}

output "id" {
  description = "Identifier of the distribution."
  value       = aws_cloudfront_distribution.this.id
}

output "domain_name" {
  description = "Host name that AWS gave the distribution."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "zone_id" {
  description = "Hosted zone of that host name."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}

output "key_value_store_arn" {
  description = "Store of the secret that the origin requires."
  value       = aws_cloudfront_key_value_store.this.arn
}
