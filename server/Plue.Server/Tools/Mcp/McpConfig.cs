using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp;

/// <summary>The servers that a template declares.</summary>
/// <param name="Source">The file of the template.</param>
internal sealed record McpTemplate(string Source, bool IsFromWorkspace, Json5Object Servers)
{
    /// <summary>Gets the servers of all effective templates that declare them; inherited ones belong to the parent.</summary>
    public static IReadOnlyList<McpTemplate> Of(TemplateCatalog templates) =>
        [
            .. templates
                .List()
                .SelectMany(entry =>
                    entry.Template is { } template
                    && template.DefinedKeys.Contains(McpConfig.Key)
                    && template.Default(McpConfig.Key) is Json5Object servers
                        ? [new McpTemplate(entry.Source, entry.Layer == TemplateLayer.Workspace, servers)]
                        : Array.Empty<McpTemplate>()
                ),
        ];
}

/// <param name="Problems">One sentence each, with the file.</param>
internal sealed record McpConfigResult(IReadOnlyList<McpDeclaration> Servers, IReadOnlyList<string> Problems);

/// <summary>
/// Reads the declared servers: the user's in <c>config.json5</c> under <c>mcp_servers</c>, in <c>mcp.json5</c> and in templates, then those of a trusted folder
/// in <c>.plue/mcp.json</c>, <c>.mcp.json</c> and its templates. The first of each name is used, so that no folder can replace a server of the user. No server
/// is started.
/// </summary>
internal static partial class McpConfig
{
    public const string Key = "mcp_servers";
    private const int MaxServers = 100;
    private const int MaxArguments = 256;

    /// <param name="templates">The servers that templates declare.</param>
    public static McpConfigResult Read(PluePaths paths, WorkspaceFolders? trustedFolders, string home, IReadOnlyList<McpTemplate> templates)
    {
        var found = new Builder(home);
        var config = UserConfig.Read(paths).Values.Find(Key);
        if (config is Json5Object own)
        {
            found.Add(own, paths.Config, isOfWorkspace: false);
        }
        else if (config is not (null or Json5Null))
        {
            found.Problems.Add($"{paths.Config}: `{Key}` is not an object of servers.");
        }

        found.AddFile(Path.Combine(paths.Home, "mcp.json5"), isOfWorkspace: false);
        foreach (var template in templates.Where(template => !template.IsFromWorkspace))
        {
            found.Add(template.Servers, template.Source, isOfWorkspace: false);
        }
        foreach (var folder in trustedFolders?.All ?? [])
        {
            found.Workspace = folder.Path;
            found.AddFile(Path.Combine(folder.Path, ".plue", "mcp.json"), isOfWorkspace: true);
            found.AddFile(Path.Combine(folder.Path, ".mcp.json"), isOfWorkspace: true);
            foreach (
                var template in templates.Where(template =>
                    template.IsFromWorkspace && (trustedFolders!.FolderOf(template.Source) ?? trustedFolders.First) == folder
                )
            )
            {
                found.Add(template.Servers, template.Source, isOfWorkspace: true);
            }
        }

        return new McpConfigResult(found.Servers, found.Problems);
    }

    /// <summary>Reads one declaration of the user.</summary>
    public static McpDeclaration DeclarationOf(string name, Json5Object declared, string source, string home) =>
        new Builder(home).Declaration(name, declared, source, isOfWorkspace: false);

    /// <summary>True for a name that stands for other tools than those of one server.</summary>
    public static bool IsReserved(string name) =>
        name.Equals(ToolNames.VsCode, StringComparison.OrdinalIgnoreCase)
        || name.Equals(ToolNames.Selected, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\$\{[^}]*\}")]
    private static partial Regex Variables();

    [GeneratedRegex(@"^[A-Za-z0-9-]+(_[A-Za-z0-9-]+)*$")]
    private static partial Regex Names();

    private sealed class Builder(string home)
    {
        /// <summary>Gets or sets the folder whose servers are being added; null before the first.</summary>
        public string? Workspace { get; set; }

        public List<McpDeclaration> Servers { get; } = [];
        public List<string> Problems { get; } = [];

        public void AddFile(string path, bool isOfWorkspace)
        {
            if (isOfWorkspace && File.Exists(path) && !RealPath.ResolvesInto(path, Workspace))
            {
                Problems.Add($"{path} is a link to a file outside the folder, so it was not read.");
                return;
            }

            var (bytes, problem) = DocumentFile.Read(path);
            if (problem is not null)
            {
                Problems.Add($"{path}: {problem.Message}");
            }
            if (bytes is null)
            {
                return;
            }

            var document = Json5Reader.Read(bytes);
            if (!document.IsValid)
            {
                Problems.Add($"{path}: line {document.Errors[0].Span.Line}: {document.Errors[0].Message}");
            }
            else if (
                document.Root is Json5Object root
                && (root.GetObject("mcpServers") ?? root.GetObject("servers") ?? root.GetObject(Key)) is { } servers
            )
            {
                Add(servers, path, isOfWorkspace);
            }
            else
            {
                Problems.Add($"{path}: the object `mcpServers` is missing.");
            }
        }

        public void Add(Json5Object servers, string source, bool isOfWorkspace)
        {
            foreach (var name in servers.Members.Select(member => member.Name).Distinct(StringComparer.Ordinal))
            {
                if (servers.Find(name) is not Json5Object declared)
                {
                    Problems.Add($"{source}: the server {HiddenCharacters.Visible(name)} is not an object.");
                }
                else if (declared.GetBoolean("disabled") == true)
                {
                    continue;
                }
                else if (!Names().IsMatch(name) || name.Length > McpDeclaration.MaxNameLength)
                {
                    Problems.Add(
                        $"{source}: {Short(name)} is not a valid server name. Use up to {McpDeclaration.MaxNameLength} letters, digits, - and single _ between them."
                    );
                }
                else if (IsReserved(name))
                {
                    Problems.Add($"{source}: the server {name} is skipped because this name means other tools. Rename it.");
                }
                else if (Servers.FirstOrDefault(server => server.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } first)
                {
                    Problems.Add($"{source}: the server {name} is skipped because {first.Source} declares one with that name.");
                }
                else if (Servers.Count == MaxServers)
                {
                    Problems.Add($"{source}: the server {name} is skipped because the maximum is {MaxServers} servers.");
                }
                else
                {
                    Servers.Add(Declaration(name, declared, source, isOfWorkspace));
                }
            }
        }

        public McpDeclaration Declaration(string name, Json5Object declared, string source, bool isOfWorkspace)
        {
            string Text(string text) =>
                isOfWorkspace && Workspace is not null ? text.Replace("${workspaceFolder}", Workspace, StringComparison.Ordinal) : text;

            var start = isOfWorkspace ? Workspace! : home;
            var folder = declared.GetString("cwd") is { Length: > 0 } cwd ? Path.GetFullPath(Text(cwd), start) : start;
            var oauth = Given(name, declared, "oauth", source, isOfWorkspace);
            var url = declared.GetString("url") ?? declared.GetString("serverUrl");
            var server = new McpDeclaration
            {
                Name = name,
                Source = source,
                IsFromWorkspace = isOfWorkspace,
                Folder = folder,
                Command = url is null
                    ? declared.GetString("command") is { } command
                        ? Text(command)
                        : null
                    : null,
                Arguments = [.. declared.GetStrings("args").Select(Text)],
                Environment = Given(name, declared, "env", source, isOfWorkspace),
                Address = Uri.TryCreate(url, UriKind.Absolute, out var address) ? address : null,
                Headers = Given(name, declared, "headers", source, isOfWorkspace),
                ClientId = oauth.GetValueOrDefault("client_id") ?? oauth.GetValueOrDefault("clientId"),
                ClientSecret = oauth.GetValueOrDefault("client_secret") ?? oauth.GetValueOrDefault("clientSecret"),
                Scopes = declared.GetObject("oauth")?.GetStrings("scopes") ?? [],
                Roots = declared.GetBoolean("roots"),
                Sampling = IsSamplingAllowed(name, declared, source, isOfWorkspace),
                RedirectPort = declared.GetObject("oauth")?.GetInteger("redirect_port") is > 0 and < 65536 and var port ? port : 0,
            };
            return server with { Fault = FaultOf(server, declared, url) };
        }

        /// <summary>A workspace file cannot enable sampling, which spends the user's money.</summary>
        private bool IsSamplingAllowed(string name, Json5Object declared, string source, bool isOfWorkspace)
        {
            var isWanted = declared.GetBoolean("sampling") == true;
            if (isWanted && isOfWorkspace)
            {
                Problems.Add(
                    $"{source}: `sampling` of {name} is ignored because only your own mcp.json5 can let a server ask for a model. Declare the server there."
                );
            }

            return isWanted && !isOfWorkspace;
        }

        /// <summary>Gets the environment variables, headers, or OAuth client of the server. Workspace files cannot use the user's environment.</summary>
        private Dictionary<string, string> Given(string name, Json5Object declared, string key, string source, bool isOfWorkspace)
        {
            var given = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (field, value) in declared.GetStringMap(key))
            {
                if (
                    field.Length == 0
                    || field.Any(character => character is '=' or '\0' or '\r' or '\n')
                    || value.Any(character => character is '\0' or '\r' or '\n')
                )
                {
                    Problems.Add($"{source}: {Short(field)} of {name} is ignored because it contains a line break.");
                }
                else if (
                    isOfWorkspace
                    && (
                        Variables().IsMatch(value)
                        || (SecretReference.FindIn(value) is { } secret && SecretReference.IsEnvironment(secret.Reference))
                    )
                )
                {
                    Problems.Add(
                        $"{source}: {Short(field)} of {name} is ignored because a workspace file may not use your environment variables. Declare the server in your own mcp.json5, or use vault://."
                    );
                }
                else
                {
                    given[field] = value;
                }
            }

            return given;
        }

        private static string? FaultOf(McpDeclaration server, Json5Object declared, string? url)
        {
            if (url is not null)
            {
                if (declared.GetString("type") == "sse")
                {
                    return $"{server.Name} uses the deprecated SSE transport, which is not supported. Use its streamable HTTP address and the type http.";
                }
                if (server.Address is null || server.Address.UserInfo.Length > 0 || server.Address.Scheme is not ("https" or "http"))
                {
                    return $"The url of {server.Name} must be a web address without a user name and password.";
                }

                return server.IsFromWorkspace && !OAuthSettings.IsSafe(server.Address)
                    ? $"The url of {server.Name} is not secure. Use https://. http:// is allowed only for this machine."
                    : null;
            }

            return string.IsNullOrWhiteSpace(server.Command) ? $"{server.Name} has neither a command nor a url."
                : server.Arguments.Count > MaxArguments ? $"{server.Name} has more than {MaxArguments} arguments."
                : server.Arguments.Append(server.Command).Any(text => text.Contains('\0'))
                    ? $"The command of {server.Name} contains a NUL character."
                : null;
        }

        private static string Short(string text) => HiddenCharacters.Visible(text.Length > 40 ? text[..40] + "…" : text);
    }
}
