# A private bucket: encrypted, versioned, emptied by age, and reachable over TLS alone.
data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
}

resource "aws_s3_bucket" "this" {
  bucket = var.name

  #checkov:skip=CKV_AWS_144:A copy in another region would leave Canada. Archives are built again, logs are kept briefly
  #checkov:skip=CKV_AWS_18:CloudTrail records who reads objects, and a log of the log bucket would not end
  #checkov:skip=CKV2_AWS_62:Nothing has to react to a new object
  #checkov:skip=CKV_AWS_145:Load balancers can only write to buckets with keys of S3; where a key is given, it is used
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "delete-old-objects"
    status = "Enabled"
    filter {
      prefix = ""
    }
    dynamic "expiration" {
      for_each = var.expiration_days == null ? [] : [var.expiration_days]
      content {
        days = expiration.value
      }
    }
    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket     = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_public_access_block.this]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "RefusePlainHttp"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }], [
      for writer in var.writers : merge(
        {
          Sid       = writer.sid
          Effect    = "Allow"
          Principal = { Service = writer.service }
          Action    = writer.actions
          Resource  = writer.prefix == null ? aws_s3_bucket.this.arn : "${aws_s3_bucket.this.arn}/${writer.prefix}/*"
        },
        concat(
          [for account in writer.source == null ? [local.account] : [] : { Condition = { StringEquals = { "aws:SourceAccount" = account } } }],
          [for key, patterns in writer.source == null ? {} : writer.source : { Condition = { ArnLike = { (key) = patterns } } }],
        )...
      )
    ])
  })
}
