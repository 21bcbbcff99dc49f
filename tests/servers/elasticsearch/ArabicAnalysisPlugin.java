import java.io.IOException;
import java.io.Reader;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicNormalizationFilter;
import org.apache.lucene.analysis.ar.ArabicStemFilter;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.apache.lucene.analysis.core.DecimalDigitFilter;
import org.apache.lucene.analysis.miscellaneous.StemmerOverrideFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceFilter;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingCharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * The filters that our index settings name, for the tests' node, which comes without Elasticsearch's module
 * analysis-common. Names, settings and Lucene classes are that module's: what this node accepts, a full one accepts.
 */
public final class ArabicAnalysisPlugin extends Plugin implements AnalysisPlugin {

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        return Map.of(
            "mapping", configured(settings -> {
                NormalizeCharMap characters = characters(rules(settings, "mappings"));
                return reader -> new MappingCharFilter(characters, reader);
            }, NormalizingCharacters::new),
            "pattern_replace", configured(settings -> {
                Pattern pattern = pattern(settings);
                String replacement = settings.get("replacement", "");
                return reader -> new PatternReplaceCharFilter(pattern, replacement, reader);
            }, NormalizingCharacters::new)
        );
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of(
            "arabic_normalization", ready(ArabicNormalizationFilter::new, NormalizingTokens::new),
            "arabic_stem", ready(ArabicStemFilter::new, Tokens::new),
            "decimal_digit", ready(DecimalDigitFilter::new, NormalizingTokens::new),
            "lowercase", ready(LowerCaseFilter::new, NormalizingTokens::new),
            "pattern_replace", configured(settings -> {
                Pattern pattern = pattern(settings);
                String replacement = settings.get("replacement", "");
                boolean all = settings.getAsBoolean("all", true);
                return tokens -> new PatternReplaceFilter(tokens, pattern, replacement, all);
            }, NormalizingTokens::new),
            "stemmer", configured(settings -> {
                String language = settings.get("language", settings.get("name", "porter"));
                if (!language.equals("arabic")) {
                    throw new IllegalArgumentException("the tests' node has no stemmer but [arabic], not [" + language + "]");
                }
                return ArabicStemFilter::new;
            }, Tokens::new),
            "stemmer_override", configured(settings -> {
                StemmerOverrideFilter.StemmerOverrideMap stems = stems(rules(settings, "rules"));
                return tokens -> new StemmerOverrideFilter(tokens, stems);
            }, Tokens::new)
        );
    }

    /** Reads a filter's settings once and gives what wraps each text. */
    private interface Recipe<T> {
        UnaryOperator<T> read(Settings settings) throws IOException;
    }

    private interface Factory<T, F> {
        F named(String name, UnaryOperator<T> filter);
    }

    /** A filter that index settings have to define before they use it. */
    private static <T, F> AnalysisProvider<F> configured(Recipe<T> recipe, Factory<T, F> factory) {
        return AnalysisPlugin.requiresAnalysisSettings(
            (index, environment, name, settings) -> factory.named(name, recipe.read(settings))
        );
    }

    /** A filter that may be used by its bare name. */
    private static <T, F> AnalysisProvider<F> ready(UnaryOperator<T> filter, Factory<T, F> factory) {
        return (index, environment, name, settings) -> factory.named(name, filter);
    }

    private record Tokens(String name, UnaryOperator<TokenStream> filter) implements TokenFilterFactory {
        @Override
        public TokenStream create(TokenStream tokens) {
            return filter.apply(tokens);
        }
    }

    /** One that a keyword field's normalizer may use as well. */
    private record NormalizingTokens(String name, UnaryOperator<TokenStream> filter)
        implements NormalizingTokenFilterFactory {
        @Override
        public TokenStream create(TokenStream tokens) {
            return filter.apply(tokens);
        }
    }

    private record NormalizingCharacters(String name, UnaryOperator<Reader> filter)
        implements NormalizingCharFilterFactory {
        @Override
        public Reader create(Reader reader) {
            return filter.apply(reader);
        }
    }

    private static Pattern pattern(Settings settings) {
        String pattern = settings.get("pattern", "");
        if (pattern.isEmpty()) {
            throw new IllegalArgumentException("pattern is missing");
        }
        return Regex.compile(pattern, settings.get("flags"));
    }

    /** One side and the other of each "from => to". */
    private record Rule(String from, String to) {}

    private static List<Rule> rules(Settings settings, String key) {
        List<String> lines = settings.getAsList(key);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return lines.stream().map(line -> {
            String[] sides = line.split("=>", -1);
            if (sides.length != 2 || sides[0].isBlank()) {
                throw new IllegalArgumentException("not a rule of the form [from => to]: [" + line + "]");
            }
            return new Rule(sides[0].trim(), sides[1].trim());
        }).toList();
    }

    private static NormalizeCharMap characters(List<Rule> rules) {
        NormalizeCharMap.Builder characters = new NormalizeCharMap.Builder();
        rules.forEach(rule -> characters.add(unescaped(rule.from()), unescaped(rule.to())));
        return characters.build();
    }

    private static StemmerOverrideFilter.StemmerOverrideMap stems(List<Rule> rules) throws IOException {
        StemmerOverrideFilter.Builder stems = new StemmerOverrideFilter.Builder(false);
        for (Rule rule : rules) {
            for (String word : rule.from().split(",")) {
                stems.add(word.trim(), rule.to());
            }
        }
        return stems.build();
    }

    private static final Pattern CODE = Pattern.compile("\\\\u(\\p{XDigit}{4})");

    private static String unescaped(String text) {
        String decoded = CODE.matcher(text).replaceAll(
            code -> Matcher.quoteReplacement(Character.toString(Integer.parseInt(code.group(1), 16)))
        );
        return decoded.translateEscapes();
    }
}
