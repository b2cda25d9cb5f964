# Logs name the addresses of blocked requests alone, and no credentials at all.
resource "aws_cloudwatch_log_group" "this" {
  region            = var.region
  name              = "aws-waf-logs-${var.name}" # AWS prescribes the prefix
  retention_in_days = 90
  kms_key_id        = var.log_key_arn

  #checkov:skip=CKV_AWS_338:Logs of requests hold addresses of people, and are kept for 90 days
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  region                  = var.region
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]

  dynamic "redacted_fields" {
    for_each = toset(["authorization", "cookie", var.origin_header])
    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }

  logging_filter {
    default_behavior = "DROP"
    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"
      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}
