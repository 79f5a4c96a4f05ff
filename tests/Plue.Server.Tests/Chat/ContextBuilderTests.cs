using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Tests.Chat;

public class ContextBuilderTests
{
    private static readonly ProviderSettings Settings = new()
    {
        Id = "p",
        Name = "P",
        Kind = "tour",
    };

    [Fact]
    public void An_empty_failed_answer_is_not_sent() =>
        Assert.Equal(
            ["one", "two"],
            Build(isContinuation: false, User("one"), Answer("", MessageStatus.Failed), User("two"))
                .Messages.Select(message => message.Text)
        );

    [Fact]
    public void Going_on_asks_for_it_behind_the_partial_answer()
    {
        var request = Build(isContinuation: true, User("one"), Answer("half", MessageStatus.Interrupted));
        Assert.Equal(["one", "half", ContextBuilder.ContinueRequest], request.Messages.Select(message => message.Text));
        Assert.Equal(MessageRole.User, request.Messages[^1].Role);
    }

    [Fact]
    public void A_longer_chat_begins_with_the_same_messages_so_that_caches_work()
    {
        var first = Build(isContinuation: false, User("one"));
        var second = Build(isContinuation: false, User("one"), Answer("yes", MessageStatus.Complete), User("two"));
        Assert.Equal(first.Messages.Select(message => message.Text), second.Messages.Take(1).Select(message => message.Text));
        Assert.Equal(first.System, second.System);
    }

    private static ProviderRequest Build(bool isContinuation, params Message[] history) =>
        ContextBuilder.Build("codex://chats/c", history, Settings, "m", "system", null, isContinuation);

    private static Message User(string text) => Message(MessageRole.User, text, MessageStatus.Complete);

    private static Message Answer(string text, MessageStatus status) => Message(MessageRole.Assistant, text, status);

    private static Message Message(MessageRole role, string text, MessageStatus status) =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = "codex://chats/c",
            Role = role,
            Status = status,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Parts = text.Length == 0 ? [] : [new MessagePart.Text(text)],
        };
}
