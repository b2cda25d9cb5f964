# Access logs of the CDN. The fields leave out query strings, cookies, referrers, and headers, where secrets would be.
resource "aws_cloudwatch_log_delivery_source" "this" {
  region       = "us-east-1"
  name         = var.name
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this.arn
}

resource "aws_cloudwatch_log_delivery_destination" "this" {
  region        = "us-east-1"
  name          = var.name
  output_format = "json"
  delivery_destination_configuration {
    destination_resource_arn = "${var.log_bucket_arn}/cdn"
  }
}

resource "aws_cloudwatch_log_delivery" "this" {
  region                   = "us-east-1"
  delivery_source_name     = aws_cloudwatch_log_delivery_source.this.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.this.arn
  record_fields = [
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs-uri-stem", "sc-status",
    "x-edge-result-type", "x-edge-request-id", "cs-protocol", "time-taken", "ssl-protocol", "ssl-cipher",
    "cs-protocol-version", "x-edge-detailed-result-type",
  ]
}
