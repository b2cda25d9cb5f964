output "topics" {
  description = "ARN of the topic of each severity."
  value       = { for severity, topic in aws_sns_topic.this : severity => topic.arn }
}

output "key_arn" {
  description = "Key that encrypts the texts."
  value       = module.key.arn
}
