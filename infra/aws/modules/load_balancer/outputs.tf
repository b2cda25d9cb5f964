output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "Name of the load balancer in metrics."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "Host name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of the load balancer's host name."
  value       = aws_lb.this.zone_id
}

output "target_groups" {
  description = "Names and ARNs of the two target groups, blue first, once the load balancer uses them."
  value       = [for colour in ["blue", "green"] : { name = aws_lb_target_group.this[colour].name, arn = aws_lb_target_group.this[colour].arn }]
  # ECS refuses a service whose target group belongs to no load balancer yet: a listener connects them.
  depends_on = [aws_lb_listener.this]
}

output "target_group_suffixes" {
  description = "Names of the target groups in metrics."
  value       = [for colour in ["blue", "green"] : aws_lb_target_group.this[colour].arn_suffix]
}

output "listener_arns" {
  description = "The listeners `production` and `test`."
  value       = { for name, listener in aws_lb_listener.this : name => listener.arn }
}
