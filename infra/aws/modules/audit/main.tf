# Who did what: CloudTrail for all regions, and an alarm when anyone but the service itself uses a key or a secret.
resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = module.bucket.name
  kms_key_id                    = module.key.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.this.arn}:*"
  cloud_watch_logs_role_arn     = module.trail_role.arn

  # Objects too: who reads archives and logs, beyond the service's own roles.
  advanced_event_selector {
    name = "Management"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
  advanced_event_selector {
    name = "Objects"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field       = "resources.ARN"
      starts_with = var.watched_bucket_prefixes
    }
  }

  #checkov:skip=CKV_AWS_252:EventBridge sends what matters; a message for every file of the trail would not be read
}

module "key" {
  source = "../kms_key"

  name        = "${var.name}-trail"
  description = "The trail of CloudTrail"
  services    = [{ names = ["cloudtrail.amazonaws.com"] }]
}

module "bucket" {
  source = "../bucket"

  name            = "${var.name}-trail-${var.account}"
  kms_key_arn     = module.key.arn
  expiration_days = 400
  writers = [
    { sid = "CloudTrailChecks", service = "cloudtrail.amazonaws.com", actions = ["s3:GetBucketAcl"], prefix = null },
    { sid = "CloudTrailWrites", service = "cloudtrail.amazonaws.com", actions = ["s3:PutObject"], prefix = "AWSLogs/${var.account}" },
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/trail"
  retention_in_days = 400
  kms_key_id        = var.log_key_arn
}

module "trail_role" {
  source = "../service_role"

  name        = "${var.name}-trail"
  service     = "cloudtrail.amazonaws.com"
  account     = null # CloudTrail does not document that it states one; a role cannot be passed from another account
  policy_name = "write-the-trail"
  statements = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = "${aws_cloudwatch_log_group.this.arn}:log-stream:*"
  }]
}
