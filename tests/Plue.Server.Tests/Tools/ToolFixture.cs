using System.Diagnostics;
using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>A real workspace, files outside that must stay inaccessible, and the real tools.</summary>
internal sealed class ToolFixture : IDisposable
{
    private readonly string top = RealPath.Of(Directory.CreateTempSubdirectory("plue-tools-").FullName);

    public ToolFixture()
    {
        Workspace = Path.Combine(top, "work");
        Outside = Path.Combine(top, "outside");
        Directory.CreateDirectory(Workspace);
        Directory.CreateDirectory(Outside);
        Results = new ToolResults(new PluePaths(Path.Combine(top, "home")), TimeProvider.System);
        Rights = new Rights
        {
            CodexId = "chat_1",
            Title = "Test",
            Tools = [],
            Permissions = new([], [], []),
            Folders = WorkspaceFolders.Of(Workspace),
        };
    }

    public string Workspace { get; }
    public string Outside { get; }
    public string Home => Path.Combine(top, "home");
    public ToolResults Results { get; }
    public Rights Rights { get; set; }
    public SeenFiles Seen { get; } = new();
    public PermissionPolicy Policy { get; } = new();

    public ToolContext Context =>
        new()
        {
            CodexId = "chat_1",
            TurnId = "turn_1",
            ToolUseId = "call_1",
            Folders = Rights.Folders,
            Rights = () => [Rights],
            Seen = Seen,
        };

    public string PathOf(string name) => Path.Combine(Workspace, name);

    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Text(string name) => File.ReadAllText(PathOf(name));

    public Task<PlannedCall> PlanAsync(ITool tool, string parameters)
    {
        using var document = JsonDocument.Parse(parameters);
        return tool.PlanAsync(document.RootElement.Clone(), Context, TestContext.Current.CancellationToken);
    }

    public async Task<ToolOutcome> RunAsync(
        ITool tool,
        string parameters,
        IToolProgress? progress = null,
        CancellationToken cancellationToken = default
    ) => await (await PlanAsync(tool, parameters)).RunAsync(progress ?? new ProgressRecorder(), cancellationToken);

    /// <summary>Returns the text of the result or the refusal.</summary>
    public async Task<string> ResultAsync(ITool tool, string parameters)
    {
        try
        {
            return (await RunAsync(tool, parameters)).Text;
        }
        catch (ToolFailureException fault)
        {
            return fault.Message;
        }
    }

    public async Task<string> ErrorAsync(ITool tool, string parameters) =>
        (await Assert.ThrowsAsync<ToolFailureException>(() => RunAsync(tool, parameters))).Message;

    public ReadTool Read => new("", Results);

    public static string Json(params (string Name, object Value)[] parameters) =>
        $"{{{string.Join(',', parameters.Select(one => $"{Quoted(one.Name)}:{ValueOf(one.Value)}"))}}}";

    /// <summary>Runs a shell command and returns its exit code and output.</summary>
    public static (int Code, string Output) Shell(string line, string folder)
    {
        using var process = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", $"exec 2>&1; {line}"]) { WorkingDirectory = folder, RedirectStandardOutput = true }
        )!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>Uses the shell because .NET cannot delete files whose names are not valid text.</summary>
    public void Dispose() => Shell($"rm -rf {top}", "/");

    private static string ValueOf(object value) =>
        value switch
        {
            string text => Quoted(text),
            bool flag => flag ? "true" : "false",
            _ => $"{value}",
        };

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    internal sealed class ProgressRecorder : IToolProgress
    {
        private readonly List<string> reports = [];

        public string All
        {
            get
            {
                lock (reports)
                {
                    return string.Concat(reports);
                }
            }
        }
        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Report(string text)
        {
            lock (reports)
            {
                reports.Add(text);
            }
            First.TrySetResult();
        }
    }
}
