# Aurora PostgreSQL: one writer and at least one standby in another zone, which takes over within a minute. Roles of the
# database, one for each process, are made by database_roles.py (docs/infrastructure.md).
resource "aws_rds_cluster" "this" {
  cluster_identifier = var.name
  engine             = "aurora-postgresql"
  engine_version     = var.engine_version
  database_name      = "service"
  port               = 5432

  # RDS makes the password of the owner, keeps it in Secrets Manager and replaces it every week. Terraform does not know it.
  master_username               = "owner"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [aws_security_group.this.id]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name
  network_type                    = "IPV4"

  storage_encrypted                   = true
  kms_key_id                          = var.kms_key_arn
  iam_database_authentication_enabled = true
  # SQL over HTTPS with IAM, by which roles are made without a host inside the VPC.
  enable_http_endpoint = true

  # What the public service promised about backups: 7 days, and no longer (docs/operations.md).
  backup_retention_period      = 7
  preferred_backup_window      = "07:00-09:00"
  preferred_maintenance_window = "tue:09:30-tue:10:30"
  copy_tags_to_snapshot        = true
  delete_automated_backups     = true
  deletion_protection          = true
  skip_final_snapshot          = false
  final_snapshot_identifier    = "${var.name}-final"

  enabled_cloudwatch_logs_exports = ["postgresql"]
  apply_immediately               = false

  serverlessv2_scaling_configuration {
    min_capacity = var.capacity.minimum
    max_capacity = var.capacity.maximum
  }

  lifecycle {
    # RDS installs minor versions by itself; setting the first one again would be refused as a downgrade.
    ignore_changes = [engine_version]
  }

  #checkov:skip=CKV2_AWS_27:Statements hold keys of people; docs/operations.md says why they are not logged
  #checkov:skip=CKV2_AWS_8:Backups older than 7 days are what the service promises not to have
}

resource "aws_rds_cluster_instance" "this" {
  count = var.instances

  identifier                   = "${var.name}-${count.index}"
  cluster_identifier           = aws_rds_cluster.this.id
  engine                       = aws_rds_cluster.this.engine
  engine_version               = aws_rds_cluster.this.engine_version
  instance_class               = "db.serverless"
  promotion_tier               = count.index
  publicly_accessible          = false
  auto_minor_version_upgrade   = true
  ca_cert_identifier           = "rds-ca-rsa2048-g1"
  monitoring_interval          = 60
  monitoring_role_arn          = module.monitoring_role.arn
  performance_insights_enabled = false

  # Days of their own, so that a standby always runs. Without a window, RDS chooses one at random, also during the backups
  # above, and then refuses to change the instance.
  preferred_maintenance_window = format("%[1]s:09:30-%[1]s:10:30", element(["tue", "thu", "mon"], count.index))

  lifecycle {
    ignore_changes = [engine_version]
  }

  #checkov:skip=CKV_AWS_353:Performance Insights keeps statements with their values, which are keys of people
}

resource "aws_rds_cluster_parameter_group" "this" {
  name        = var.name
  description = "TLS alone, and no statements in logs"
  family      = "aurora-postgresql${split(".", var.engine_version)[0]}"

  dynamic "parameter" {
    for_each = {
      "rds.force_ssl"              = "1"
      "ssl_min_protocol_version"   = "TLSv1.2"
      "log_statement"              = "none"
      "log_min_duration_statement" = "-1"
      "log_min_error_statement"    = "panic"
      "log_parameter_max_length"   = "0"
      "track_commit_timestamp"     = "0"
    }
    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "pending-reboot"
    }
  }
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-database" }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/rds/cluster/${var.name}/postgresql"
  retention_in_days = 90
  kms_key_id        = var.log_key_arn

  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days
}

module "monitoring_role" {
  source = "../service_role"

  name        = "${var.name}-database-monitoring"
  service     = "monitoring.rds.amazonaws.com"
  account     = var.account
  policy_name = "write-metrics-of-the-host"
  statements = [{
    Effect = "Allow"
    Action = [
      "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents",
      "logs:PutRetentionPolicy",
    ]
    Resource = [
      "arn:aws:logs:${var.region}:${var.account}:log-group:RDSOSMetrics",
      "arn:aws:logs:${var.region}:${var.account}:log-group:RDSOSMetrics:log-stream:*",
    ]
  }]
}
