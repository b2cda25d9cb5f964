output "vpc_id" {
  description = "Identifier of the VPC."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Subnets without a route to the internet, one in each zone."
  value       = aws_subnet.private[*].id
}

output "public_subnet_ids" {
  description = "Subnets of the load balancers, one in each zone."
  value       = aws_subnet.public[*].id
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "s3_prefix_list_id" {
  description = "Addresses of S3 behind the gateway endpoint."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}
