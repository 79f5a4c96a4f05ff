using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools.Mcp;

/// <summary>Questions of the reference server to the user, as forms and URLs.</summary>
public sealed class McpQuestionTests : IAsyncLifetime
{
    private readonly McpHome home = new();
    private readonly Approvals approvals = new(TimeProvider.System);
    private IReadOnlyList<Rights> rights =
    [
        new Rights
        {
            CodexId = "chat",
            Title = "My chat",
            Tools = ["all/*"],
            Permissions = new AgentPermissions([], [], []),
            Folders = null,
        },
    ];

    public async ValueTask InitializeAsync()
    {
        home.Services = home.Services with { Ask = (request, cancellationToken) => approvals.AskAsync(request, cancellationToken) };
        home.WriteUser(
            (
                "all",
                $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": [{{McpHome.Text(McpReferenceTests.Required())}}, "stdio"] }"""
            )
        );
        await home.ApproveAsync("all");
    }

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_form_is_asked_with_its_typed_fields_and_the_server_gets_the_values()
    {
        var call = CallAsync("trigger-elicitation-request");
        var asked = await AskedAsync();
        Assert.Equal(("all", ApprovalKind.Question, "chat"), (asked.Request.ToolName, asked.Request.Kind, asked.Request.CodexId));
        Assert.Equal("Please provide inputs for the following fields:", asked.Request.ActionText);
        var fields = asked.Request.Question!.Fields.ToDictionary(field => field.Name);
        Assert.True(fields["name"].IsRequired);
        Assert.Equal((QuestionKind.Integer, 1, 100), (fields["integer"].Kind, (int)fields["integer"].Min!, (int)fields["integer"].Max!));
        Assert.Equal(["42"], fields["integer"].Defaults);
        Assert.Equal("email", fields["email"].Format);
        Assert.Equal("Superman", fields["titledSingleSelectEnum"].Options[0].Title);
        Assert.Equal(QuestionKind.Choices, fields["untitledMultipleSelectEnum"].Kind);

        foreach (
            var (values, problem) in new[]
            {
                ("{}", "is required."),
                ("""{"name":"Ada","integer":1.5}""", "Integer must be a whole number."),
                ("""{"name":"Ada","integer":400}""", "Integer must be at most 100."),
                ("""{"name":"Ada","email":"nobody"}""", "must be an email address."),
                ("""{"name":"Ada","titledSingleSelectEnum":"nobody"}""", "must be one of the options."),
                ("""{"name":"Ada","other":1}""", "has no field other."),
                ("[]", "is not an object of values."),
            }
        )
        {
            var refused = Assert.Throws<FailureException>(() => Answer(asked, new ApprovalAnswer(ApprovalDecision.Once, Values: values)));
            Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        }

        Answer(
            asked,
            new ApprovalAnswer(
                ApprovalDecision.Once,
                Values: """{"name":"Ada Lovelace","check":true,"integer":7,"untitledMultipleSelectEnum":["Piano"]}"""
            )
        );
        var result = (await call).Text;
        Assert.Contains("Ada Lovelace", result, StringComparison.Ordinal);
        Assert.Contains("Piano", result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_declined_question_ends_without_values()
    {
        var call = CallAsync("trigger-elicitation-request");
        Answer(await AskedAsync(), new ApprovalAnswer(ApprovalDecision.Deny));
        Assert.Contains("declined", (await call).Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_address_is_asked_with_its_host_and_only_a_safe_one()
    {
        var call = CallAsync("trigger-url-elicitation", """{"url":"https://sign-in.example.com:8443/x?y=1","message":"Sign in there."}""");
        var asked = await AskedAsync();
        Assert.Equal("https://sign-in.example.com:8443/x?y=1", asked.Request.Location);
        Assert.Contains("on sign-in.example.com:8443 in your browser", asked.Request.Reason, StringComparison.Ordinal);
        Answer(asked, new ApprovalAnswer(ApprovalDecision.Once));
        Assert.Contains("accept", (await call).Text, StringComparison.OrdinalIgnoreCase);

        var unsafeCall = await CallAsync("trigger-url-elicitation", """{"url":"http://plain.example.com/","message":"Sign in there."}""");
        Assert.Contains("decline", unsafeCall.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(approvals.Pending);
    }

    [Fact]
    public async Task Without_a_user_a_question_is_declined_at_once()
    {
        rights = [rights[0] with { IsUnattended = true }];
        Assert.Contains("declined", (await CallAsync("trigger-elicitation-request")).Text, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(approvals.Pending);
    }

    [Fact]
    public async Task A_stopped_call_takes_its_question_back()
    {
        using var stop = new CancellationTokenSource();
        var call = CallAsync("trigger-elicitation-request", cancellationToken: stop.Token);
        await AskedAsync();
        var gone = new TaskCompletionSource();
        approvals.Changed += () =>
        {
            if (approvals.Pending.Count == 0)
            {
                gone.TrySetResult();
            }
        };
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task<ToolOutcome> CallAsync(string tool, string parameters = "{}", CancellationToken cancellationToken = default)
    {
        var (tools, notes) = await home.FindAsync($"all/{tool}");
        Assert.True(tools.Count == 1, string.Join(" ", notes));
        var planned = await tools[0]
            .PlanAsync(
                JsonElement.Parse(parameters),
                new ToolContext
                {
                    CodexId = "chat",
                    TurnId = "turn",
                    ToolUseId = "use",
                    Folders = null,
                    Rights = () => rights,
                    Seen = new SeenFiles(),
                },
                CancellationToken.None
            );
        return await planned.RunAsync(new NoProgress(), cancellationToken);
    }

    private void Answer(PendingApproval asked, ApprovalAnswer answer) =>
        approvals.Answer(asked.Id, asked.Fingerprint, answer, includeEqual: false);

    private async Task<PendingApproval> AskedAsync()
    {
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (approvals.Pending.Count > 0)
            {
                came.TrySetResult();
            }
        }

        approvals.Changed += Look;
        Look();
        await came.Task.WaitAsync(TimeSpan.FromSeconds(30));
        approvals.Changed -= Look;
        return approvals.Pending[0];
    }

    private sealed class NoProgress : IToolProgress
    {
        public void Report(string text) { }
    }
}
