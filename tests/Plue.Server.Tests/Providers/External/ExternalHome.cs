using System.Collections;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.External;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.External;

/// <summary>A folder with programs written by a test, and providers that run them.</summary>
internal sealed class ExternalHome : IDisposable
{
    public ExternalHome()
    {
        Paths = new PluePaths(System.IO.Path.Combine(Folder, "plue"));
        Programs = new ExternalPrograms(
            Paths,
            SearchPath,
            () => OpenFolder is null ? null : WorkspaceFolders.Of(OpenFolder),
            TimeProvider.System
        );
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("plue-external-").FullName;
    public PluePaths Paths { get; }
    public ExternalPrograms Programs { get; }
    public string? OpenFolder { get; set; }
    public FixedSecrets Secrets { get; } = new();

    private string SearchPath => $"relative{System.IO.Path.PathSeparator}{System.IO.Path.Combine(Folder, "path")}";

    /// <summary>Writes an executable file.</summary>
    public string Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Folder, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        // Not truncated in place: if a program is still running, the write would fail with "text file busy".
        File.Delete(path);
        using (var stream = new FileStream(path, FileMode.Create))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(content.ReplaceLineEndings("\n")));
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return path;
    }

    public string WriteApproved(string name, string content)
    {
        var path = Write(name, content);
        Programs.Approve(path, Programs.Inspect(path).Sha256);
        return path;
    }

    public ExternalProvider Provider(string command, Func<ProviderSettings, ProviderSettings>? change = null)
    {
        var settings = new ProviderSettings
        {
            Id = "mine",
            Name = "Mine",
            Kind = ProviderKinds.External,
            Command = command,
        };
        return new ExternalProvider(
            change?.Invoke(settings) ?? settings,
            Secrets,
            Programs,
            Own,
            TimeProvider.System,
            text => text.Replace(FixedSecrets.Key, "***")
        );
    }

    /// <summary>Returns a script that runs <paramref name="body"/> for each request, with the request in <c>$line</c> and its ID in <c>$id</c>.</summary>
    public static string EachLine(string body) =>
        "#!/bin/sh\nwhile IFS= read -r line; do\n  id=$(printf '%s' \"$line\" | sed 's/^{\"id\":\"\\([^\"]*\\)\".*/\\1/')\n"
        + body
        + "\ndone\n";

    public static ProviderRequest Ask(string text = "Hello?") =>
        new()
        {
            CodexId = "codex://chats/a",
            Model = "m",
            Messages =
            [
                new Message
                {
                    Id = "msg_1",
                    CodexId = "codex://chats/a",
                    Role = MessageRole.User,
                    CreatedAt = default,
                    Parts = [new MessagePart.Text(text)],
                },
            ],
        };

    public static async Task<List<ProviderEvent>> AllAsync(
        IProvider provider,
        ProviderRequest? request = null,
        CancellationToken cancellationToken = default
    )
    {
        List<ProviderEvent> events = [];
        await foreach (var next in provider.StreamAsync(request ?? Ask(), cancellationToken))
        {
            events.Add(next);
        }
        return events;
    }

    public static string TextOf(IEnumerable<ProviderEvent> events) =>
        string.Concat(events.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static Dictionary<string, string> Own { get; } =
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
