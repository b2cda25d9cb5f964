resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = module.flow_role.arn
  max_aggregation_interval = 60
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/${var.name}/network"
  retention_in_days = 30
  kms_key_id        = var.log_key_arn

  #checkov:skip=CKV_AWS_338:Flow logs hold addresses of people; they are kept for 30 days, as by the public service
}

module "flow_role" {
  source = "../service_role"

  name        = "${var.name}-flow-logs"
  service     = "vpc-flow-logs.amazonaws.com"
  account     = var.account
  policy_name = "write-flow-logs"
  statements = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    Resource = [aws_cloudwatch_log_group.flow.arn, "${aws_cloudwatch_log_group.flow.arn}:log-stream:*"]
  }]
}
