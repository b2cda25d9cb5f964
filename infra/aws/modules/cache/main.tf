# Redis: the queue of jobs, and counts of requests. Nothing that matters is lost with it.
resource "aws_elasticache_replication_group" "this" {
  replication_group_id = var.name
  description          = "Jobs and rate limits"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = var.node_type
  num_cache_clusters   = var.nodes
  port                 = 6379
  parameter_group_name = aws_elasticache_parameter_group.this.name
  subnet_group_name    = aws_elasticache_subnet_group.this.name
  security_group_ids   = [aws_security_group.this.id]

  automatic_failover_enabled = true
  multi_az_enabled           = true
  auto_minor_version_upgrade = true
  maintenance_window         = "wed:09:30-wed:10:30"
  snapshot_retention_limit   = 0 # a copy of counts of requests would outlive its purpose

  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  # The token is set outside Terraform, so that it is not in the state (docs/infrastructure.md). AWS does not return it.

  lifecycle {
    ignore_changes = [auth_token, auth_token_update_strategy]
  }

  #checkov:skip=CKV_AWS_31:It has a token; setting it here would put it into the state
}

resource "aws_elasticache_parameter_group" "this" {
  name        = var.name
  description = "Refuse writes when the memory is full: a job must not disappear"
  family      = "redis7"

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-redis"
  description = "Redis"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-redis" }
}
