output "names" {
  description = "Name of the alarm of each severity."
  value       = { for severity, alarm in aws_cloudwatch_metric_alarm.this : severity => alarm.alarm_name }
}
