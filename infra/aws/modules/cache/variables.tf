variable "name" {
  description = "Name of the replication group, at most 40 characters."
  type        = string
}

variable "node_type" {
  description = "Type of the nodes."
  type        = string
}

variable "nodes" {
  description = "Number of nodes: a primary and replicas in other zones."
  type        = number

  validation {
    condition     = var.nodes >= 2
    error_message = "nodes must be at least 2: failover needs a replica."
  }
}

variable "vpc_id" {
  description = "Identifier of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route to the internet."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key that encrypts the data."
  type        = string
}
