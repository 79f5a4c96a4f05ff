using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>
/// Each requirement from a security incident in another tool has a test. Most test names contain its number (<c>SEC_27_...</c>); this table lists the
/// numbers of older tests. It fails if a test is deleted or renamed.
/// </summary>
public partial class SecurityRowsTests
{
    private const int Rows = 60;

    private static readonly Dictionary<int, string[]> Named = new()
    {
        [1] =
        [
            "A_key_that_is_not_for_this_origin_ends_before_anything_is_sent",
            "A_secret_goes_to_its_own_origin_and_to_no_other",
            "A provider that the folder brings along is not offered",
        ],
        [4] =
        [
            "SEC-04 stays what it is when a file has the name of a command of Plue",
            "Rules_of_a_folder_that_is_not_trusted_are_not_read_and_the_setting_turns_them_off",
        ],
        [6] = ["SEC-06 No setting that a workspace can write reaches a program, an address or a right"],
        [7] = ["SEC-07 Nothing answers an address that another program opens"],
        [34] = ["A_path_of_an_import_is_only_a_name", "Imported_messages_have_no_provider_and_no_cost"],
        [40] = ["SEC_40_Programs_are_started_with_lists_of_arguments_and_never_by_a_shells_line"],
        [41] =
        [
            "The page may load what is ours and nothing else",
            "A name cannot break out of its attribute",
            "makes nothing that runs, loads or navigates of %s",
        ],
        [42] =
        [
            "shows an image as a link with its host",
            "No request leaves the window",
            "Preview_of_exported_Markdown_loads_and_runs_nothing",
            "A diagram that would load something is shown as text",
        ],
        [43] = ["Unknown messages are rejected"],
        [44] = ["The page may load what is ours and nothing else"],
        [45] =
        [
            "Web and mail links leave through VS Code",
            "shows the real host if the text of a link names another",
            "Hostile text at every place that shows text is no link and no icon",
            "An address is opened exactly as it is written",
        ],
        [51] = ["A_token_goes_to_no_other_endpoint_than_it_was_got_for"],
        [52] =
        [
            "Files_have_mode_0600_and_folders_0700_regardless_of_the_umask",
            "Files_are_0600_and_folders_0700_even_with_umask_0",
            "A_key_reaches_its_own_origin_and_no_reply_and_no_file",
        ],
        [53] = ["Without_a_keychain_the_error_suggests_a_passphrase", "A_keyring_that_hangs_is_given_up_after_three_seconds"],
        [54] =
        [
            "A_flipped_bit_in_any_byte_is_noticed",
            "A_file_cut_at_any_length_is_refused_and_left_as_it_is",
            "Entries_that_swapped_their_secrets_are_noticed",
            "A_huge_cost_of_derivation_is_refused_before_any_of_it_is_paid",
            "A_later_file_version_is_reported_regardless_of_its_shape",
            "A_new_vault_is_never_made_over_one_that_exists_even_a_damaged_one",
        ],
        [55] =
        [
            "A_secret_is_masked_in_each_of_its_forms",
            "A_secret_is_masked_whole_in_every_encoding_also_when_it_arrives_in_pieces",
            "A_stored_key_is_masked_in_questions_answers_and_files",
            "A_secret_is_masked_wherever_the_stream_is_split",
        ],
        [59] =
        [
            "SEC-59 One byte that differs is noticed, even when size and time are as before",
            "SEC-59 A job that holds secrets runs only what was released",
            "SEC-59 A tampered sidecar is not started",
        ],
    };

    private static readonly Lazy<string> Tests = new(() =>
        string.Join(
            '\n',
            Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*", SearchOption.AllDirectories)
                .Where(file =>
                    file.EndsWith("Tests.cs", StringComparison.Ordinal)
                    || file.EndsWith("Contract.cs", StringComparison.Ordinal)
                    || file.EndsWith(".test.ts", StringComparison.Ordinal)
                    || file.EndsWith(".mjs", StringComparison.Ordinal)
                )
                .Where(file => !file.EndsWith(nameof(SecurityRowsTests) + ".cs", StringComparison.Ordinal))
                .Select(File.ReadAllText)
        )
    );

    [Fact]
    public void Every_requirement_has_a_test_that_holds_it()
    {
        var numbered = string.Concat(Numbered().Matches(Tests.Value).Select(match => match.Value));
        Assert.DoesNotContain(
            Named.SelectMany(row => row.Value.Where(name => !name.StartsWith($"SEC_{row.Key:00}", StringComparison.Ordinal))),
            name => !Tests.Value.Contains(name, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(
            Enumerable.Range(1, Rows),
            row => !Named.ContainsKey(row) && !numbered.Contains($"{row:00}", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void SEC_40_Programs_are_started_with_lists_of_arguments_and_never_by_a_shells_line()
    {
        var server = Path.Combine(Repository.Root, "server", "Plue.Server");
        var starts = Directory
            .EnumerateFiles(server, "*.cs", SearchOption.AllDirectories)
            .Where(file => ProcessStart().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(server, file))
            .ToList();
        Assert.Equal(
            [Path.Combine("Platform", "ChildProcess.cs"), Path.Combine("Vault", "KeychainPrograms.cs")],
            starts.Order(StringComparer.Ordinal)
        );
        var source = string.Concat(starts.Select(file => File.ReadAllText(Path.Combine(server, file))));
        // Both pass a list: one adds its arguments one by one, the other passes a collection.
        Assert.Contains("info.ArgumentList.Add(argument)", source, StringComparison.Ordinal);
        Assert.Contains("IEnumerable<string> arguments", source, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\.Arguments\s*=[^=]", source);
        Assert.DoesNotContain("UseShellExecute = true", source, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"SEC[_-]\d{2}(_\d{2})*")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"\bProcess\.Start\(|new ProcessStartInfo")]
    private static partial Regex ProcessStart();
}
