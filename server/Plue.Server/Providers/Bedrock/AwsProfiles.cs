using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Bedrock;

/// <summary>The configuration files of the AWS CLI: <c>~/.aws/config</c> and <c>~/.aws/credentials</c>, or those in the environment.</summary>
internal sealed class AwsProfiles
{
    private const int MaxBytes = 1024 * 1024;

    private readonly Dictionary<string, Dictionary<string, string>> config;
    private readonly Dictionary<string, Dictionary<string, string>> credentials;

    private AwsProfiles(string configPath, string credentialsPath)
    {
        ConfigPath = configPath;
        CredentialsPath = credentialsPath;
        config = Parse(Read(configPath));
        credentials = Parse(Read(credentialsPath));
    }

    public string ConfigPath { get; }

    public string CredentialsPath { get; }

    /// <param name="home">The user's home folder.</param>
    /// <exception cref="FailureException">A file exists but cannot be read.</exception>
    public static AwsProfiles Of(Func<string, string?> environment, string home)
    {
        return new AwsProfiles(PathOf("AWS_CONFIG_FILE", "config"), PathOf("AWS_SHARED_CREDENTIALS_FILE", "credentials"));

        string PathOf(string variable, string name) =>
            environment(variable) is { Length: > 0 } path ? HomePath.Of(path, home) : Path.Combine(home, ".aws", name);
    }

    /// <summary>Returns null if neither file contains the profile.</summary>
    public AwsProfile? Find(string name)
    {
        var settings = config.GetValueOrDefault(name == "default" ? name : $"profile {name}");
        // Older files omit the prefix "profile".
        settings ??= name.StartsWith("sso-session ", StringComparison.Ordinal) ? null : config.GetValueOrDefault(name);
        var keys = credentials.GetValueOrDefault(name);
        return settings is null && keys is null ? null : new AwsProfile(name, settings ?? [], keys ?? []);
    }

    public IReadOnlyDictionary<string, string>? Session(string name) => config.GetValueOrDefault($"sso-session {name}");

    /// <summary>Returns the sections with their fields; names are lowercase. Nested (indented) fields are ignored.</summary>
    private static Dictionary<string, Dictionary<string, string>> Parse(string text)
    {
        var sections = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        Dictionary<string, string>? section = null;
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.TrimEnd('\r', ' ', '\t');
            if (line.Length == 0 || line[0] is '#' or ';' or ' ' or '\t')
            {
                continue;
            }
            if (line[0] == '[')
            {
                var close = line.IndexOf(']');
                section = null;
                if (close < 0)
                {
                    continue;
                }
                var name = string.Join(' ', line[1..close].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
                if (!sections.TryGetValue(name, out section))
                {
                    sections[name] = section = new(StringComparer.Ordinal);
                }
                continue;
            }

            var equals = line.IndexOf('=');
            if (section is null || equals <= 0)
            {
                continue;
            }
            section[line[..equals].Trim().ToLowerInvariant()] = WithoutComment(line[(equals + 1)..]).Trim();
        }

        return sections;
    }

    private static string WithoutComment(string value)
    {
        for (var at = 1; at < value.Length; at++)
        {
            if (value[at] is '#' or ';' && value[at - 1] is ' ' or '\t')
            {
                return value[..at];
            }
        }

        return value;
    }

    private static string Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return "";
            }
            if (file.Length > MaxBytes)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"The file {path} is too long for AWS settings. Check it, then try again."
                );
            }
            return Encoding.UTF8.GetString(RegularFile.Read(path)).TrimStart('\uFEFF');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The file {path} cannot be read. Check who may read it, then try again.",
                exception
            );
        }
    }
}

/// <param name="Settings">The fields in the config file.</param>
/// <param name="Keys">The fields in the credentials file.</param>
internal sealed record AwsProfile(string Name, IReadOnlyDictionary<string, string> Settings, IReadOnlyDictionary<string, string> Keys)
{
    /// <summary>Returns a field; the credentials file takes precedence. Null if neither file contains it.</summary>
    public string? this[string field] =>
        Keys.TryGetValue(field, out var key) && key.Length > 0 ? key
        : Settings.TryGetValue(field, out var value) && value.Length > 0 ? value
        : null;
}
