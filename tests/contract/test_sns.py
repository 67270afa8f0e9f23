"""SNS through the endpoint: what a pipeline's notifications need."""

import json

from tests.contract import serving
from tests.contract.aws import Aws, poll


def test_a_message_arrives_in_a_subscribed_queue(aws: Aws) -> None:
    """With its topic and subject around it, or as it is where the subscription wants it raw."""
    sns, sqs, name = aws.client("sns"), aws.client("sqs"), serving.unique("topic")
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=attributes["Attributes"]["QueueArn"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]

    def published(message: str) -> str:
        sns.publish(TopicArn=topic, Subject="tuning", Message=message)
        (received,) = poll(
            lambda: sqs.receive_message(QueueUrl=queue), lambda answer: "Messages" in answer
        )["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])
        body: str = received["Body"]
        return body

    wrapped = json.loads(published("done"))
    assert {name: wrapped[name] for name in ("Type", "TopicArn", "Subject", "Message")} == {
        "Type": "Notification",
        "TopicArn": topic,
        "Subject": "tuning",
        "Message": "done",
    }
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    assert published("raw") == "raw"
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.publish(TopicArn=topic, Message="unheard")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
