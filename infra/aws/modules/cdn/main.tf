# CloudFront for retrieval, with the rules of docs/operations.md ("Behind a CDN"): the path alone is the key, times come
# from the origin, errors are not kept.
locals {
  # Archives are files in the bucket; the service answers what is not there, so that refusals are exact.
  cached   = { "/retrieve/*" = "downloads-or-retrieval", "/qr/*" = "downloads-or-retrieval", "/exposure-configuration/*" = "retrieval" }
  patterns = ["/retrieve/*", "/qr/*", "/exposure-configuration/*"]
  errors   = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504]
  disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # AWS's CachingDisabled
  # AWS's AllViewerExceptHostHeader. Only it forwards Authorization, which no policy of ours may name.
  all_but_host = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
}

resource "aws_cloudfront_distribution" "this" {
  enabled         = true
  comment         = var.name
  aliases         = [var.host]
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = "PriceClass_100"
  web_acl_id      = var.firewall_arn

  origin {
    origin_id   = "retrieval"
    domain_name = var.origin_host

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 60 # a request without a fresh archive may wait for the one that builds it
    }

    # Requests of all locations for one archive become one. CloudFront offers this in no Canadian region, and names this
    # one for ca-central-1.
    origin_shield {
      enabled              = true
      origin_shield_region = "us-east-1"
    }
  }

  origin {
    origin_id                = "downloads"
    domain_name              = var.downloads.host
    origin_path              = var.downloads.path
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }

  origin_group {
    origin_id = "downloads-or-retrieval"
    # 403 is the bucket's answer for what does not exist, because nothing outside may list it.
    failover_criteria {
      status_codes = [403, 404, 500, 502, 503, 504]
    }
    member {
      origin_id = "downloads"
    }
    member {
      origin_id = "retrieval"
    }
  }

  # Figures, and what monitors ask for: never kept. Which paths exist at all is the firewall's decision.
  default_cache_behavior {
    target_origin_id           = "retrieval"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.disabled
    origin_request_policy_id   = local.all_but_host
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    compress                   = false

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.this.arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.patterns
    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = local.cached[ordered_cache_behavior.value]
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = var.is_cached ? aws_cloudfront_cache_policy.this.id : local.disabled
      origin_request_policy_id   = aws_cloudfront_origin_request_policy.this.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
      compress                   = false # archives are compressed already

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.this.arn
      }
    }
  }

  dynamic "custom_error_response" {
    for_each = toset(local.errors)
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  #checkov:skip=CKV_AWS_305:It serves archives, and has no page that could be a default
  #checkov:skip=CKV_AWS_374:Canadians abroad download too
  #checkov:skip=CKV_AWS_86:Logs are delivered as v2 (logs.tf), whose fields leave out query strings and cookies
  #checkov:skip=CKV2_AWS_47:The firewall has the rule set against Log4j; checkov does not follow it into the other module
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = "${var.name}-downloads"
  description                       = "CloudFront signs its requests to the bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_cache_policy" "this" {
  name        = "${var.name}-path-alone"
  comment     = "The path is the key; the origin says how long"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 3600

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = false
    enable_accept_encoding_gzip   = false
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_origin_request_policy" "this" {
  name    = "${var.name}-secret-alone"
  comment = "The origin gets the path and the secret of the CDN"

  cookies_config {
    cookie_behavior = "none"
  }
  headers_config {
    header_behavior = "whitelist"
    headers {
      items = [var.origin_header]
    }
  }
  query_strings_config {
    query_string_behavior = "none"
  }
}

resource "aws_cloudfront_response_headers_policy" "this" {
  name    = "${var.name}-transport"
  comment = "HTTPS alone"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      override                   = true
    }
    content_type_options {
      override = true
    }
  }

  #checkov:skip=CKV_AWS_259:It is transport security without `preload`, which would bind the parent domain too
}

# The secret is a value of this store, which is written outside Terraform: the state does not have it.
resource "aws_cloudfront_key_value_store" "this" {
  name    = var.name
  comment = "Secret that the origin requires"
}

resource "aws_cloudfront_function" "this" {
  name                         = var.name
  runtime                      = "cloudfront-js-2.0"
  comment                      = "Add the secret that the origin requires"
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.this.arn]
  code                         = templatefile("${path.module}/origin_secret.js", { header = var.origin_header })
}
