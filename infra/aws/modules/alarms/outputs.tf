output "names" {
  description = "Names of the alarms, by `alarm-severity`."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.alarm_name }
}
