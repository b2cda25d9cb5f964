resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}"
  retention_in_days = 90
  kms_key_id        = var.log_key_arn

  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days, as by the public service
}

# The service logs neither addresses nor credentials. Should a library do so one day, readers see asterisks instead.
resource "aws_cloudwatch_log_data_protection_policy" "this" {
  log_group_name = aws_cloudwatch_log_group.this.name

  policy_document = jsonencode({
    Name    = "mask-${var.name}"
    Version = "2021-06-01"
    Configuration = {
      # AWS accepts no parentheses here.
      CustomDataIdentifier = [
        { Name = "Authorization", Regex = "Bearer [A-Za-z0-9+/=_-]{16,}|Basic [A-Za-z0-9+/=_-]{16,}" },
      ]
    }
    Statement = [
      {
        Sid            = "audit"
        DataIdentifier = local.protected_data
        Operation      = { Audit = { FindingsDestination = {} } }
      },
      {
        Sid            = "mask"
        DataIdentifier = local.protected_data
        Operation      = { Deidentify = { MaskConfig = {} } }
      },
    ]
  })
}

locals {
  protected_data = [
    "arn:aws:dataprotection::aws:data-identifier/EmailAddress",
    "arn:aws:dataprotection::aws:data-identifier/IpAddress",
    "Authorization",
  ]
}
