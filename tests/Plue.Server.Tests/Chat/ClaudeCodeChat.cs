using Plue.Server.Permissions;
using Plue.Server.Tests.Providers.ClaudeCode;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

/// <summary>A chat with the real Claude Code in a trusted folder, with a scripted model.</summary>
/// <param name="settings">More settings of the provider, such as <c>, own_settings: true</c>.</param>
/// <param name="fields">More fields of the template.</param>
public abstract class ClaudeCodeChat(string settings, string fields) : IAsyncLifetime
{
    private int calls;

    private protected ScriptedMessagesEndpoint Endpoint { get; } = new();
    private protected string Folder { get; } = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private protected InMemorySidecar Sidecar { get; private set; } = null!;
    private protected string Uri { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var config = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var cli = ClaudeCodeBench.Script($"export CLAUDE_CONFIG_DIR='{config}'\nexec '{ClaudeCodeBench.RealCli()}' \"$@\"");
        Sidecar = await InMemorySidecar.StartAsync(folder: Folder, trusted: true);
        Sidecar.WriteProvider(
            "scripted",
            $"{{ name: 'CC', provider_type: 'claude-code', cli_path: '{cli}', endpoint: '{Endpoint.Address}', model: 'sonnet'{settings} }}"
        );
        Sidecar.WriteTemplate(
            "worker",
            $"{{ id: 'worker', name: 'Worker', parent_template: 'ai-chat', fields: [{{ name: 'available_tools', default: ['read', 'write', 'skill'] }}{fields}] }}"
        );
        WriteFiles();
        Uri =
            (string?)(await Sidecar.Client.ResultAsync("codex/create", new { templateId = "worker", providerId = "scripted" }))?["uri"]
            ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        await Endpoint.DisposeAsync();
    }

    /// <summary>Writes the files that exist before the chat is created.</summary>
    private protected abstract void WriteFiles();

    private protected static void Write(string folder, string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Returns the next approval; fails if the response ends without one.</summary>
    private protected async Task<PendingApproval> AskedAsync(Task asking)
    {
        var approvals = Sidecar.Services.Permissions.Approvals;
        var changed = new TaskCompletionSource<PendingApproval>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Check()
        {
            if (approvals.Pending is [var first, ..])
            {
                changed.TrySetResult(first);
            }
        }

        approvals.Changed += Check;
        Check();
        await Task.WhenAny(changed.Task, asking).WaitAsync(TimeSpan.FromSeconds(60));
        approvals.Changed -= Check;
        Assert.True(changed.Task.IsCompleted, "Nothing was asked.");
        return await changed.Task;
    }

    private protected void Answer(PendingApproval asked, ApprovalDecision decision = ApprovalDecision.Once) =>
        Sidecar.Services.Permissions.Approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(decision), includeEqual: false);

    /// <summary>Lets the model respond with a call of this tool.</summary>
    private protected void Calls(string name, string input)
    {
        var id = $"toolu_{++calls}";
        Endpoint.Then(async exchange =>
        {
            await exchange.StartAsync();
            await exchange.BlockAsync(
                $$$"""{"type":"tool_use","id":"{{{id}}}","name":"{{{name}}}","input":{}}""",
                $$"""{"type":"input_json_delta","partial_json":{{ScriptedMessagesEndpoint.Exchange.Quote(input)}}}"""
            );
            await exchange.EndAsync("tool_use");
        });
    }
}
