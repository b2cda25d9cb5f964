output "function_name" {
  description = "Name of the function, for the hook AfterAllowTestTraffic in appspec files."
  value       = aws_lambda_function.this.function_name
}
