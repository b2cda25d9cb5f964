output "arn" {
  description = "ARN of the firewall."
  value       = aws_wafv2_web_acl.this.arn
}

output "name" {
  description = "Name of the firewall in metrics."
  value       = aws_wafv2_web_acl.this.name
}
