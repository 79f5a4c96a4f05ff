using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers.Acp;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Acp;

/// <summary>The scripted agent of this folder in a chat with all services: a real process in this machine's sandbox.</summary>
internal sealed class AcpBench : IAsyncDisposable
{
    private AcpBench(InMemorySidecar sidecar, string folder) => (Sidecar, Folder) = (sidecar, folder);

    public InMemorySidecar Sidecar { get; }

    /// <summary>The workspace folder.</summary>
    public string Folder { get; }

    /// <summary>The folder in which the agent stores its sessions and received prompts.</summary>
    public string Store { get; } = Directory.CreateTempSubdirectory("plue-agent-").FullName;
    public string Uri { get; private set; } = "";

    /// <summary>Where a key of the vault has to be allowed to go, to reach the agent.</summary>
    public string ProgramOrigin { get; private set; } = "";

    /// <summary>The process that answers in the chat.</summary>
    public int ProcessId => ((AcpProvider)Sidecar.Services.Providers.Registry.Get("scripted")).ProcessIdOf(Uri);

    public IReadOnlyList<string> Prompts =>
        File.Exists(Path.Combine(Store, "prompts.txt")) ? File.ReadAllLines(Path.Combine(Store, "prompts.txt")) : [];

    /// <param name="fields">Additional fields of the provider file, such as <c>, sandbox: false</c>.</param>
    public static async Task<AcpBench> StartAsync(string fields = "", string arguments = "", string mode = "ask", bool approve = true)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Node is not null, "The agent of these tests needs Linux and node.");
        var folder = RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName);
        var bench = new AcpBench(await InMemorySidecar.StartAsync(folder: folder, trusted: true), folder);
        var program = Program();
        bench.Sidecar.WriteProvider(
            "scripted",
            $"{{ name: 'Scripted', provider_type: 'acp', command: '{program}', arguments: [{arguments}], environment: {{ AGENT_STORE: '{bench.Store}' }}, writable_folders: ['{bench.Store}']{fields} }}"
        );
        bench.ProgramOrigin = bench.Sidecar.Services.Providers.Programs.Inspect(program).Origin.OriginalString;
        if (approve)
        {
            bench.Approve(program);
        }

        bench.Uri = await bench.ChatAsync(mode);
        return bench;
    }

    public static string? Node { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "node"))
            .FirstOrDefault(File.Exists);

    /// <summary>Creates an executable copy of the agent.</summary>
    public static string Program()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("plue-agent-").FullName, "agent.mjs");
        File.Copy(Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Providers", "Acp", "agent.mjs"), path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return path;
    }

    public void Approve(string program)
    {
        var programs = Sidecar.Services.Providers.Programs;
        programs.Approve(program, programs.Inspect(program).Sha256);
    }

    public async Task<string> ChatAsync(string mode = "ask", string template = "ai-chat")
    {
        var created = await Sidecar.Client.ResultAsync("codex/create", new { templateId = template, providerId = "scripted" });
        var uri = (string?)created?["uri"] ?? "";
        if (mode != "ask")
        {
            await Sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = mode } });
        }

        return uri;
    }

    /// <summary>Sends a message and waits for the response.</summary>
    public async Task<Message> AskAsync(string text)
    {
        await Sidecar.Client.AskAsync(Uri, text);
        return LastMessage();
    }

    public Message LastMessage() => Sidecar.Services.Store.Chats.Read(Uri[(Uri.LastIndexOf('/') + 1)..]).Messages[^1];

    public string PathOf(string name) => Path.Combine(Folder, name);

    public async Task<PendingApproval> ApprovalAsync()
    {
        var approvals = Sidecar.Services.Permissions.Approvals;
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (approvals.Pending.Count > 0)
            {
                changed.TrySetResult();
            }
        }

        approvals.Changed += Look;
        Look();
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(60));
        approvals.Changed -= Look;
        return approvals.Pending[0];
    }

    public void Answer(PendingApproval asked, ApprovalDecision decision = ApprovalDecision.Once, string? values = null) =>
        Sidecar.Services.Permissions.Approvals.Answer(
            asked.Id,
            asked.Fingerprint,
            new ApprovalAnswer(decision) { Values = values },
            includeEqual: false
        );

    public async ValueTask DisposeAsync() => await Sidecar.DisposeAsync();
}
