using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>All collections whose codices are files.</summary>
internal sealed class Documents(PluePaths paths, TemplateCatalog templates, TimeProvider time, Func<WorkspaceFolders?> workspace)
{
    private const int MaxName = 60;

    /// <summary>Accented letters; the string below contains their base letters at the same index. The executable has no Unicode tables.</summary>
    private const string Accented = "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿß";
    private const string Plain = "aaaaaaceeeeiiiinoooooouuuuyys";

    private readonly FileCodices providers = FileCodices.Providers(paths, templates, time);
    private readonly FileCodices prompts = new(new PromptFormat(), paths.Prompts, paths, time, workspace);
    private readonly FileCodices templateFiles = new(new TemplateFormat(templates), paths.Templates, paths, time, workspace);
    private readonly FileCodices settings = new(new SettingsFormat(), paths.Home, paths, time);
    private readonly FileCodices items = new(new ItemFormat(templates), paths.Items, paths, time, workspace);

    public TemplateCatalog Templates => templates;

    /// <summary>All collections except the settings, which contain references but are not a target of any.</summary>
    public IEnumerable<FileCodices> All => [providers, prompts, templateFiles, items];

    public static bool Has(CodexCollection collection) =>
        collection
            is CodexCollection.Providers
                or CodexCollection.Prompts
                or CodexCollection.Templates
                or CodexCollection.Items
                or CodexCollection.Settings;

    /// <exception cref="FailureException">NotFound: codices of this collection are not files.</exception>
    public FileCodices Of(CodexCollection collection) =>
        collection switch
        {
            CodexCollection.Providers => providers,
            CodexCollection.Prompts => prompts,
            CodexCollection.Templates => templateFiles,
            CodexCollection.Items => items,
            CodexCollection.Settings => settings,
            _ => throw new FailureException(
                FailureKind.NotFound,
                $"The collection {collection.ToString().ToLowerInvariant()} is not stored as files."
            ),
        };

    /// <exception cref="FailureException">NotFound.</exception>
    public FileCodex Get(CodexUri uri) =>
        Of(uri.Collection).Get(uri.Name)
        ?? throw new FailureException(FailureKind.NotFound, $"{uri} does not exist. It may have been deleted or renamed. Choose another.");

    /// <summary>Returns an unused name derived from a title.</summary>
    /// <param name="isTaken">True for reserved names.</param>
    public string FreeName(CodexCollection collection, string title, Func<string, bool>? isTaken = null)
    {
        var slug = Slug(title, collection);
        var free = slug;
        for (var number = 2; isTaken?.Invoke(free) == true || Of(collection).Get(free) is not null; number++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{slug}-{number}");
        }

        return free;
    }

    private static string Slug(string title, CodexCollection collection)
    {
        var output = new StringBuilder();
        foreach (var c in title.ToLowerInvariant())
        {
            var letter = Accented.IndexOf(c, StringComparison.Ordinal) is var found and >= 0 ? Plain[found] : c;
            if (char.IsAsciiLetterOrDigit(letter))
            {
                output.Append(letter);
            }
            else if (output.Length > 0 && output[^1] != '-')
            {
                output.Append('-');
            }

            if (output.Length == MaxName)
            {
                break;
            }
        }

        var slug = output.ToString().Trim('-');
        return CodexUri.TryOf(collection, slug, out _) ? slug : collection.ToString().ToLowerInvariant()[..^1];
    }
}
