using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

/// <summary>Requests of the reference server to a model and the workspace, as servers before 2026-07-28 send them.</summary>
public sealed class McpSamplingTests : IAsyncDisposable
{
    private const string Ask = "all/trigger-sampling-request";
    private readonly McpHome home = new();
    private readonly Approvals approvals = new(TimeProvider.System);
    private readonly Model model = new();
    private AgentPermissions rules = new([], [], []);
    private bool isUnattended;

    public McpSamplingTests() =>
        home.Services = home.Services with
        {
            Ask = (request, cancellationToken) => approvals.AskAsync(request, cancellationToken),
            Judge = new PermissionPolicy(home.Services.Paths).Evaluate,
            Mask = text => text.Replace("hunter2", "***", StringComparison.Ordinal),
        };

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_request_is_shown_as_it_is_sent_and_the_server_gets_the_response()
    {
        await StartAsync(", \"sampling\": true");
        var call = CallAsync(Ask, """{"prompt":"Say hunter2.","maxTokens":50}""");
        var asked = await AskedAsync();
        Assert.Equal(
            "[System]\nYou are a helpful test server.\n\n[User]\nResource trigger-sampling-request context: Say ***.\n\n[At most 50 tokens]",
            asked.Request.ActionText
        );
        Assert.Equal(("all/sampling/createMessage", "Demo: model-1"), (asked.Request.ToolName, asked.Request.Location));
        Assert.Contains("It costs $0.25 at most.", asked.Request.Reason, StringComparison.Ordinal);
        Assert.Empty(model.Asked);
        Answer(asked, ApprovalDecision.Once);
        Assert.Contains("the response of the model", (await call).Text, StringComparison.Ordinal);
        Assert.Equal(50, Assert.Single(model.Asked).MaxTokens);
    }

    [Fact]
    public async Task A_denied_request_reaches_no_model()
    {
        await StartAsync(", \"sampling\": true");
        var call = Assert.ThrowsAsync<ToolFailureException>(() => CallAsync(Ask, """{"prompt":"Hello."}"""));
        Answer(await AskedAsync(), ApprovalDecision.Deny);
        Assert.Contains("The user denied the request.", (await call).Message, StringComparison.Ordinal);
        Assert.Empty(model.Asked);
    }

    [Fact]
    public async Task Without_a_user_a_request_needs_a_rule()
    {
        isUnattended = true;
        await StartAsync(", \"sampling\": true");
        await Assert.ThrowsAsync<ToolFailureException>(() => CallAsync(Ask, """{"prompt":"Hello."}"""));
        Assert.Empty(model.Asked);
        // Rules for tools of the server do not apply to its requests.
        rules = new AgentPermissions([Ask], [], []);
        await Assert.ThrowsAsync<ToolFailureException>(() => CallAsync(Ask, """{"prompt":"Hello."}"""));
        rules = new AgentPermissions(["all/sampling/createMessage"], [], []);
        Assert.Contains("the response of the model", (await CallAsync(Ask, """{"prompt":"Hello."}""")).Text, StringComparison.Ordinal);
        Assert.Empty(approvals.Pending);
    }

    [Fact]
    public async Task Only_the_users_own_file_lets_a_server_ask()
    {
        home.WriteFolder(("own", Everything(", \"sampling\": true")));
        Assert.Contains(
            home.Servers.List().Problems,
            problem => problem.Contains("`sampling` of own is ignored", StringComparison.Ordinal)
        );
        await StartAsync("");
        Assert.Contains("has no tool", Assert.Single((await home.FindAsync(Ask)).Notes), StringComparison.Ordinal);
        Assert.NotEmpty((await home.FindAsync("all/get-roots-list")).Tools);
    }

    [Fact]
    public async Task A_policy_that_denies_it_keeps_it_from_being_announced()
    {
        var policy = Path.Combine(home.Home, "policy.json5");
        await File.WriteAllTextAsync(policy, "{ denied_tools: ['all/sampling/createMessage'] }");
        home.Services = home.Services with { Paths = new PluePaths(home.Home) { AddedPolicy = policy } };
        await StartAsync(", \"sampling\": true");
        Assert.Contains("has no tool", Assert.Single((await home.FindAsync(Ask)).Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_may_ask_for_a_model_is_approved_again()
    {
        await StartAsync("");
        home.WriteUser(("all", Everything(", \"sampling\": true")));
        var status = home.Status("all");
        Assert.Equal(McpServerState.NotApproved, status.State);
        Assert.Equal(["New: may ask for a model: yes"], status.Changes);
    }

    [Fact]
    public async Task A_program_receives_the_trusted_folders_and_their_changes()
    {
        await StartAsync("");
        Assert.Contains(new Uri(home.Folder).AbsoluteUri, (await CallAsync("all/get-roots-list")).Text, StringComparison.Ordinal);
        var other = Directory.CreateTempSubdirectory("plue-other-").FullName;
        home.Workspace.Open(other, trusted: true);
        // The server asks for the folders after the notification, beside the calls.
        string folders;
        do
        {
            folders = (await CallAsync("all/get-roots-list")).Text;
        } while (folders.Contains(new Uri(home.Folder).AbsoluteUri, StringComparison.Ordinal));
        Assert.Contains(new Uri(other).AbsoluteUri, folders, StringComparison.Ordinal);
        Directory.Delete(other);
    }

    [Fact]
    public async Task A_server_can_be_kept_from_the_folders()
    {
        await StartAsync(", \"roots\": false");
        Assert.Contains("has no tool", Assert.Single((await home.FindAsync("all/get-roots-list")).Notes), StringComparison.Ordinal);
    }

    private static string Everything(string more) =>
        $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": [{{McpHome.Text(McpReferenceTests.Required())}}, "stdio"] {{more}} }""";

    private Task StartAsync(string more)
    {
        home.WriteUser(("all", Everything(more)));
        return home.ApproveAsync("all");
    }

    private async Task<ToolOutcome> CallAsync(string tool, string parameters = "{}")
    {
        var (tools, notes) = await home.FindAsync(tool);
        Assert.True(tools.Count == 1, string.Join(" ", notes));
        var planned = await tools[0]
            .PlanAsync(
                JsonElement.Parse(parameters),
                new ToolContext
                {
                    CodexId = "chat",
                    TurnId = "turn",
                    ToolUseId = "use",
                    Folders = WorkspaceFolders.Of(home.Folder),
                    Rights = () =>
                        [
                            new Rights
                            {
                                CodexId = "chat",
                                Title = "My chat",
                                Tools = ["all/*"],
                                Permissions = rules,
                                Folders = null,
                                IsUnattended = isUnattended,
                            },
                        ],
                    Seen = new SeenFiles(),
                    Sampling = model,
                },
                CancellationToken.None
            );
        return await planned.RunAsync(new NoProgress(), CancellationToken.None);
    }

    private void Answer(PendingApproval asked, ApprovalDecision decision) =>
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(decision), includeEqual: false);

    private async Task<PendingApproval> AskedAsync()
    {
        var came = new TaskCompletionSource<PendingApproval>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (approvals.Pending is [var one, ..])
            {
                came.TrySetResult(one);
            }
        }

        approvals.Changed += Look;
        Look();
        return await came.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private sealed class Model : ISamplingModel
    {
        public ConcurrentQueue<SamplingRequest> Asked { get; } = new();

        public Task<SamplingOffer> OfferAsync(SamplingRequest request, CancellationToken cancellationToken) =>
            Task.FromResult(new SamplingOffer(new ModelChoice("demo", "model-1"), "Demo", "model-1", 0.25m));

        public Task<SamplingResponse> AskAsync(SamplingRequest request, SamplingOffer offer, CancellationToken cancellationToken)
        {
            Asked.Enqueue(request);
            return Task.FromResult(new SamplingResponse("the response of the model", offer.Model));
        }
    }

    private sealed class NoProgress : IToolProgress
    {
        public void Report(string text) { }
    }
}
